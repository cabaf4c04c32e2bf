from rebackoff.clients import *
