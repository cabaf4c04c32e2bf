from rebackoff.telemetry.prometheus import *
