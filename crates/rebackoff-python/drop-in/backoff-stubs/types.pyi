from rebackoff.types import *
