from rebackoff.http import *
