from rebackoff._decorator import aretry_context as aretry_context
from rebackoff._decorator import on_exception as on_exception
from rebackoff._decorator import on_predicate as on_predicate
from rebackoff._decorator import retry_context as retry_context

from . import _async as _async
from . import _sync as _sync
from ._common import _config_handlers as _config_handlers
from ._common import _log_backoff as _log_backoff
from ._common import _log_backoff_context as _log_backoff_context
from ._common import _log_giveup as _log_giveup
from ._common import _log_giveup_context as _log_giveup_context
from ._common import _prepare_logger as _prepare_logger
