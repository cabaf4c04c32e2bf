from rebackoff.telemetry import *
