from rebackoff.clients.aiohttp import *
