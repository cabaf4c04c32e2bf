from rebackoff import *
from rebackoff import __version__ as __version__

from . import clients as clients
from . import http as http
from . import presets as presets
from . import strategies as strategies
from . import telemetry as telemetry
from . import testing as testing
from . import types as types
