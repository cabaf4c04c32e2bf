from rebackoff.presets import *
