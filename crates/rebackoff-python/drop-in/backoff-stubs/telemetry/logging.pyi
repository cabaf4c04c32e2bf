from rebackoff.telemetry.logging import *
