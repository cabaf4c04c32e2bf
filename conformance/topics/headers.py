"""What the headers of a response ask for: seconds, `stop`, or nothing (null)."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction

from draws import Dice

NOW = datetime(2026, 11, 24, 4, 0, 0, tzinfo=timezone.utc)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEAR = 366 * 86400


def cases():
    for name, headers, hint in TABLE:
        yield case(name, NOW, headers, hint)
    for value in MALFORMED:
        for header in ("retry-after", "retry-after-ms", "x-ratelimit-reset", "grpc-retry-pushback-ms", "ratelimit"):
            yield case(f"{header}_of_{value!r}_is_no_hint", NOW, [(header, value)], None)
    yield from generated()


def generated():
    """Dates before and after now, in each form; Python's calendar says how far away they are."""
    for number in range(60):
        dice = Dice(f"date {number}")
        now = EPOCH + timedelta(seconds=dice.below(4_000_000_000))
        ahead = dice.pick((1, 60, 3600, 86400, YEAR, 2 * YEAR)) * (dice.random() - Fraction(1, 4))
        date = now + timedelta(seconds=int(ahead))
        seconds = (date - now).total_seconds()
        hint = int(seconds) if 0 <= seconds <= YEAR else None
        form = (imf_fixdate, rfc_850, asctime)[number % 3]
        yield case(f"generated_{form.__name__}_{number}", now, [("retry-after", form(date))], hint)


def case(name, now, headers, hint):
    return {"name": name, "now": int((now - EPOCH).total_seconds()), "headers": headers, "hint": hint}


def imf_fixdate(date):
    return f"{WEEKDAYS[date.weekday()][:3]}, {date.day:02} {MONTHS[date.month - 1]} {date.year:04} {date:%H:%M:%S} GMT"


def rfc_850(date):
    return f"{WEEKDAYS[date.weekday()]}, {date.day:02}-{MONTHS[date.month - 1]}-{date.year % 100:02} {date:%H:%M:%S} GMT"


def asctime(date):
    return f"{WEEKDAYS[date.weekday()][:3]} {MONTHS[date.month - 1]} {date.day:2} {date:%H:%M:%S} {date.year:04}"


def after(value):
    return [("retry-after", value)]


# neither a number nor a date; of `ratelimit`, no quota either
MALFORMED = ("", "soon", "1e3", "+5", "0x10", "5s", "1,5", "NaN", "inf", "9" * 400, "-", "5 5", "١٢", "Sun, 06 Nov")

TABLE = [
    # Retry-After
    ("seconds", after("120"), 120),
    ("no_seconds", after("0"), 0),
    ("seconds_with_a_fraction", after("2.5"), 2.5),
    ("seconds_with_space_around", after("\t 7 "), 7),
    ("seconds_are_never_negative", after("-5"), None),
    ("seconds_of_a_leap_year", after("31622400"), 31622400),
    ("seconds_beyond_a_leap_year", after("31622401"), None),
    ("a_date", after("Tue, 24 Nov 2026 04:02:00 GMT"), 120),
    ("a_date_that_is_now", after("Tue, 24 Nov 2026 04:00:00 GMT"), 0),
    ("a_date_that_is_past", after("Tue, 24 Nov 2026 03:59:59 GMT"), None),
    ("a_date_at_the_end_of_time", after("Fri, 31 Dec 9999 23:59:59 GMT"), None),
    ("a_date_of_rfc_850", after("Tuesday, 24-Nov-26 04:00:30 GMT"), 30),
    ("a_date_of_rfc_850_in_the_last_century", after("Sunday, 06-Nov-94 08:49:37 GMT"), None),
    ("a_date_of_asctime", after("Tue Nov 24 04:00:30 2026"), 30),
    ("a_date_of_asctime_with_one_digit", after("Tue Dec  1 04:00:00 2026"), 604800),
    ("a_date_in_another_zone", after("Tue, 24 Nov 2026 04:02:00 CET"), None),
    ("a_date_that_is_none", after("Thu, 31 Nov 2026 04:02:00 GMT"), None),
    ("a_date_of_iso_8601", after("2026-11-24T04:02:00Z"), None),
    # milliseconds
    ("milliseconds", [("retry-after-ms", "1500")], 1.5),
    ("milliseconds_with_a_fraction", [("retry-after-ms", "1500.5")], 1.5005),
    ("milliseconds_of_azure", [("x-ms-retry-after-ms", "250")], 0.25),
    ("milliseconds_of_aws", [("x-amz-retry-after", "750")], 0.75),
    ("milliseconds_are_never_negative", [("retry-after-ms", "-1")], None),
    ("milliseconds_beyond_a_leap_year", [("retry-after-ms", "31622400001")], None),
    # gRPC
    ("pushback", [("grpc-retry-pushback-ms", "2000")], 2),
    ("pushback_of_zero", [("grpc-retry-pushback-ms", "0")], 0),
    ("negative_pushback_stops", [("grpc-retry-pushback-ms", "-1")], "stop"),
    # quotas
    ("reset_in_seconds", [("x-ratelimit-reset", "30")], 30),
    ("reset_at_a_time", [("x-ratelimit-reset", "1795492830")], 30),
    ("reset_at_a_time_in_milliseconds", [("x-ratelimit-reset", "1795492830500")], 30.5),
    ("reset_at_a_time_that_is_past", [("x-ratelimit-reset", "1795492799")], None),
    ("reset_of_a_quota_that_is_spent", [("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "0")], 30),
    ("reset_of_a_quota_that_is_not_spent", [("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "4999")], None),
    ("draft_reset", [("ratelimit-reset", "30")], 30),
    ("draft_reset_is_never_a_time", [("ratelimit-reset", "1795492830")], None),
    ("draft_reset_of_a_quota_that_is_not_spent", [("ratelimit-reset", "30"), ("ratelimit-remaining", "1")], None),
    ("draft_quota", [("ratelimit", '"default";r=0;t=30')], 30),
    ("draft_quota_that_is_not_spent", [("ratelimit", '"default";r=50;t=30')], None),
    ("longest_of_the_draft_quotas_that_are_spent", [("ratelimit", '"a";r=0;t=5, "b"; r=0; t=9, "c";r=1;t=60')], 9),
    ("draft_quota_without_a_time", [("ratelimit", '"default";r=0')], None),
    # which one holds
    ("pushback_comes_first", [("retry-after", "9"), ("grpc-retry-pushback-ms", "2000")], 2),
    ("milliseconds_come_before_seconds", [("retry-after", "2"), ("retry-after-ms", "1500")], 1.5),
    ("one_kind_of_milliseconds_comes_before_another", [("x-amz-retry-after", "1"), ("x-ms-retry-after-ms", "2000")], 2),
    ("seconds_come_before_quotas", [("x-ratelimit-reset", "60"), ("ratelimit-reset", "50"), ("retry-after", "3")], 3),
    ("draft_quotas_come_before_custom_ones", [("x-ratelimit-reset", "60"), ("ratelimit-reset", "50")], 50),
    ("a_malformed_header_makes_room_for_the_next", [("retry-after-ms", "soon"), ("retry-after", "4")], 4),
    ("malformed_pushback_makes_room_for_the_next", [("grpc-retry-pushback-ms", "later"), ("retry-after", "4")], 4),
    ("a_past_date_makes_room_for_the_next", [("retry-after", "Tue, 24 Nov 2026 03:00:00 GMT"), ("ratelimit-reset", "4")], 4),
    ("other_headers_say_nothing", [("date", "Tue, 24 Nov 2026 04:02:00 GMT"), ("age", "30")], None),
    ("no_headers", [], None),
]
