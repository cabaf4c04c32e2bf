from rebackoff.strategies import *
