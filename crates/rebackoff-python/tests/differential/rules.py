"""Every difference that is allowed, each under the id of its line in COMPARE.md.

Three kinds. A stand-in rewrites the scenario for the originals, which then show what the user meant. A rule settles a difference
between the originals. A check replaces the comparison where rebackoff must refuse what the originals accept.
"""

import checks
import settle
import stand_ins
from rule import Check, Rule, StandIn

STAND_INS = [
    StandIn("decorator-used-twice", stand_ins.decorator_used_before, stand_ins.use_once),
    StandIn(
        "partial-and-callable-object",
        stand_ins.not_a_function,
        stand_ins.plain_function,
        stand_ins.name_the_function,
    ),
    StandIn(
        "generator-functions",
        stand_ins.generator_function,
        stand_ins.begins_by_itself,
        stand_ins.forget_the_looks,
    ),
    StandIn("more-names", stand_ins.more_options, stand_ins.without_more_options),
    StandIn(
        "exception-notes", stand_ins.has_notes, stand_ins.without_notes, stand_ins.forget_notes
    ),
    StandIn("timedelta", stand_ins.has_timedelta, stand_ins.in_seconds),
    StandIn("configured-generator", stand_ins.configured, stand_ins.not_configured),
    StandIn("async-predicate-and-jitter", stand_ins.async_predicate_or_jitter, stand_ins.as_sync),
    StandIn("cancellation", stand_ins.cancelled_unnamed, stand_ins.only_exceptions),
    StandIn("no-level-on-import", stand_ins.level_as_imported, stand_ins.level_open),
    StandIn(
        "type-error-in-option",
        stand_ins.option_raises_type_error,
        stand_ins.raise_runtime_error,
        stand_ins.name_runtime_error,
    ),
]

RULES = [
    Rule("retry-context", settle.in_context, settle.as_new),
    Rule("on-try", settle.has_on_try, settle.as_new),
    Rule("waits-ran-out", settle.always, settle.waits_ran_out),
    Rule("raise-on-giveup-and-no-waits-left", settle.must_not_raise, settle.return_none),
    Rule("predicate-giveup-value", settle.has_predicate, settle.value_as_new),
    Rule("predicate-logs-value", settle.has_predicate, settle.log_as_new),
    Rule("handlers-inside-except", settle.has_exception_layer, settle.exception_is_active),
    Rule("elapsed-after-try", settle.takes_time, settle.elapsed_as_new),
    Rule("handlers-inside-except", settle.callback_may_raise, settle.as_old),
    Rule("stop-iteration-from-target", settle.raises_stop_iteration, settle.as_old),
    Rule("nullary-jitter", settle.has_nullary_jitter, settle.as_old),
    Rule("next-is-none", settle.by_hand, settle.first_as_old),
    Rule("expo-digits", settle.uses_expo, settle.as_old),
    Rule("decay", settle.uses_decay, settle.as_old),
    Rule("constant-any-number", settle.has_fraction, settle.as_old),
    Rule("traceback-frames", settle.always, settle.frames_as_old),
    Rule("no-reference-cycle", settle.always, settle.alive_as_old),
]

CHECKS = [
    Check(
        "max-tries-must-be-positive-integer",
        checks.wrong_max_tries,
        checks.refused_naming("max_tries"),
    ),
    Check("type-error-in-option", checks.option_wants_argument, checks.type_error),
    Check("misspelt-option", checks.misspelt, checks.refused_naming_the_option),
    Check(
        "async-callback-on-sync-function", checks.async_callback_on_sync, checks.refused_as_async
    ),
    Check("negative-wait", checks.negative, checks.names_the_source),
    Check("runtime-ends", checks.runtime_says_none, checks.gives_up_at_once),
    Check("no-overflow", checks.thousands, checks.never_overflows),
]
