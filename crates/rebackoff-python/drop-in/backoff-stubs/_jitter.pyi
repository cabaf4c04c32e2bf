import random as random

from rebackoff._jitter import equal_jitter as equal_jitter
from rebackoff._jitter import full_jitter as full_jitter
from rebackoff._jitter import random_jitter as random_jitter
