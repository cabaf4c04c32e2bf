from rebackoff.clients.httpx import *
