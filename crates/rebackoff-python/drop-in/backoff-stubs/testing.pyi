from rebackoff.testing import *
