from rebackoff.clients.requests import *
