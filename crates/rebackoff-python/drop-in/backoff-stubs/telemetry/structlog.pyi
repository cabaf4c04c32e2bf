from rebackoff.telemetry.structlog import *
