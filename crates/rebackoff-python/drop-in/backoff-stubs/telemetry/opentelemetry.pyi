from rebackoff.telemetry.opentelemetry import *
