from rebackoff.clients.httpx2 import *
