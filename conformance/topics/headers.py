"""The hints that the headers of a response give: seconds, `stop`, or nothing (null)."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction

from draws import Dice

NOW = datetime(2026, 11, 24, 4, 0, 0, tzinfo=timezone.utc)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEAR = 366 * 86400
LATE = 600


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
        hint = int(max(seconds, 0)) if -LATE <= seconds <= YEAR else None
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


# neither a number nor a time; of `ratelimit`, no quota either
MALFORMED = ("", "soon", "1e3", "+5", "0x10", "5 parsecs", ",", "NaN", "inf", "9" * 400, "-", "5 5", "١٢", "Sun, 06 Nov", "2026-11-24")

OPENAI = [
    ("x-ratelimit-remaining-requests", "0"),
    ("x-ratelimit-reset-requests", "20ms"),
    ("x-ratelimit-remaining-tokens", "0"),
    ("x-ratelimit-reset-tokens", "1m30s"),
]

ANTHROPIC = [
    ("anthropic-ratelimit-requests-remaining", "49"),
    ("anthropic-ratelimit-requests-reset", "2026-11-24T04:01:00Z"),
    ("anthropic-ratelimit-input-tokens-remaining", "0"),
    ("anthropic-ratelimit-input-tokens-reset", "2026-11-24T04:00:40Z"),
    ("anthropic-ratelimit-output-tokens-remaining", "0"),
    ("anthropic-ratelimit-output-tokens-reset", "2026-11-24T04:00:09Z"),
    ("anthropic-ratelimit-tokens-remaining", "0"),
    ("anthropic-ratelimit-tokens-reset", "2026-11-24T04:00:20Z"),
]

TABLE = [
    # Retry-After
    ("seconds", after("120"), 120),
    ("no_seconds", after("0"), 0),
    ("seconds_with_a_fraction", after("2.5"), 2.5),
    ("seconds_with_space_around", after("\t 7 "), 7),
    ("few_negative_seconds_are_now", after("-5"), 0),
    ("many_negative_seconds_are_a_mistake", after("-86400"), None),
    ("seconds_of_a_leap_year", after("31622400"), 31622400),
    ("seconds_beyond_a_leap_year", after("31622401"), None),
    ("a_date", after("Tue, 24 Nov 2026 04:02:00 GMT"), 120),
    ("a_date_that_is_now", after("Tue, 24 Nov 2026 04:00:00 GMT"), 0),
    ("a_date_that_has_just_passed_is_now", after("Tue, 24 Nov 2026 03:59:59 GMT"), 0),
    ("a_date_of_ten_minutes_ago_is_now", after("Tue, 24 Nov 2026 03:50:00 GMT"), 0),
    ("a_date_that_is_past", after("Tue, 24 Nov 2026 03:49:59 GMT"), None),
    ("a_date_at_the_end_of_time", after("Fri, 31 Dec 9999 23:59:59 GMT"), None),
    ("a_date_of_rfc_850", after("Tuesday, 24-Nov-26 04:00:30 GMT"), 30),
    ("a_date_of_rfc_850_in_the_last_century", after("Sunday, 06-Nov-94 08:49:37 GMT"), None),
    ("a_date_of_asctime", after("Tue Nov 24 04:00:30 2026"), 30),
    ("a_date_of_asctime_with_one_digit", after("Tue Dec  1 04:00:00 2026"), 604800),
    ("a_date_in_another_zone", after("Tue, 24 Nov 2026 04:02:00 CET"), None),
    ("a_date_that_is_none", after("Thu, 31 Nov 2026 04:02:00 GMT"), None),
    ("a_date_of_iso_8601", after("2026-11-24T04:02:00Z"), 120),
    ("a_date_of_iso_8601_with_a_fraction", after("2026-11-24T04:02:00.250Z"), 120.25),
    ("a_date_of_iso_8601_with_an_offset", after("2026-11-24T06:02:00+02:00"), 120),
    ("a_date_of_iso_8601_west_of_greenwich", after("2026-11-23T22:32:00-0530"), 120),
    ("a_date_of_iso_8601_without_a_zone", after("2026-11-24 04:02:00"), 120),
    ("a_date_of_iso_8601_that_is_past", after("2016-11-24T04:02:00Z"), None),
    ("a_date_of_iso_8601_that_is_none", after("2026-02-30T04:02:00Z"), None),
    ("a_time", after("1795492830"), 30),
    ("a_time_in_milliseconds", after("1795492830500"), 30.5),
    ("a_time_that_has_just_passed_is_now", after("1795492799"), 0),
    ("a_duration", after("1m30s"), 90),
    ("a_duration_of_milliseconds", after("20ms"), 0.02),
    ("a_duration_with_a_fraction", after("1.5s"), 1.5),
    ("a_duration_of_hours", after("1h2m3s"), 3723),
    ("a_duration_of_days", after("2d"), 172800),
    ("a_duration_beyond_a_leap_year", after("9999h"), None),
    # several
    ("the_largest_of_merged_values", after("2814, 2"), 2814),
    ("the_largest_of_merged_values_without_space", after("2,2814"), 2814),
    ("the_largest_of_several_lines", [("retry-after", "2"), ("retry-after", "2814"), ("retry-after", "7")], 2814),
    ("the_largest_of_numbers_and_dates", after("5, Tue, 24 Nov 2026 04:02:00 GMT, 1m"), 120),
    ("the_largest_of_dates", after("Tue, 24 Nov 2026 04:02:00 GMT, Tuesday, 24-Nov-26 04:05:00 GMT"), 300),
    ("what_is_malformed_among_merged_values_is_ignored", after("soon, 7, -"), 7),
    ("what_is_too_long_among_merged_values_is_ignored", after("7, 31622401"), 7),
    ("the_largest_of_merged_milliseconds", [("retry-after-ms", "1500, 250")], 1.5),
    # the clock of the server
    ("a_date_after_the_date_of_the_response", [("date", "Tue, 24 Nov 2026 04:10:00 GMT"), ("retry-after", "Tue, 24 Nov 2026 04:12:00 GMT")], 120),
    ("a_date_after_the_date_of_a_slow_server", [("date", "Tue, 24 Nov 2026 03:50:00 GMT"), ("retry-after", "Tue, 24 Nov 2026 03:52:00 GMT")], 120),
    ("a_time_after_the_date_of_the_response", [("date", "Tue, 24 Nov 2026 03:50:00 GMT"), ("x-ratelimit-reset", "1795492230")], 30),
    ("a_date_of_iso_8601_after_the_date_of_the_response", [("date", "Tue, 24 Nov 2026 03:50:00 GMT"), ("retry-after", "2026-11-24T03:50:30Z")], 30),
    ("a_malformed_date_of_the_response_is_ignored", [("date", "today"), ("retry-after", "Tue, 24 Nov 2026 04:02:00 GMT")], 120),
    ("seconds_do_not_ask_for_the_date", [("date", "Tue, 24 Nov 2026 03:50:00 GMT"), ("retry-after", "7")], 7),
    # milliseconds
    ("milliseconds", [("retry-after-ms", "1500")], 1.5),
    ("milliseconds_with_a_fraction", [("retry-after-ms", "1500.5")], 1.5005),
    ("milliseconds_of_azure", [("x-ms-retry-after-ms", "250")], 0.25),
    ("milliseconds_of_aws", [("x-amz-retry-after", "750")], 0.75),
    ("few_negative_milliseconds_are_now", [("retry-after-ms", "-1")], 0),
    ("milliseconds_have_no_unit", [("retry-after-ms", "5s")], None),
    ("milliseconds_beyond_a_leap_year", [("retry-after-ms", "31622400001")], None),
    # gRPC
    ("pushback", [("grpc-retry-pushback-ms", "2000")], 2),
    ("pushback_of_zero", [("grpc-retry-pushback-ms", "0")], 0),
    ("negative_pushback_stops", [("grpc-retry-pushback-ms", "-1")], "stop"),
    ("negative_pushback_among_several_stops", [("grpc-retry-pushback-ms", "2000"), ("grpc-retry-pushback-ms", "-1")], "stop"),
    # orders
    ("an_order_not_to_retry_stops", [("x-should-retry", "false"), ("retry-after", "3")], "stop"),
    ("an_order_of_stripe_not_to_retry_stops", [("stripe-should-retry", "False")], "stop"),
    ("an_order_to_retry_is_no_hint", [("x-should-retry", "true")], None),
    ("an_order_to_retry_leaves_the_wait", [("stripe-should-retry", "true"), ("retry-after", "3")], 3),
    ("an_order_that_is_malformed_is_none", [("x-should-retry", "maybe"), ("retry-after", "3")], 3),
    # quotas
    ("reset_in_seconds", [("x-ratelimit-reset", "30")], 30),
    ("reset_at_a_time", [("x-ratelimit-reset", "1795492830")], 30),
    ("reset_at_a_time_in_milliseconds", [("x-ratelimit-reset", "1795492830500")], 30.5),
    ("reset_at_a_time_in_microseconds", [("x-ratelimit-reset", "1795492830500000")], 30.5),
    ("reset_at_a_time_in_nanoseconds", [("x-ratelimit-reset", "1795492830500000000")], 30.5),
    ("reset_at_a_time_that_has_just_passed_is_now", [("x-ratelimit-reset", "1795492799")], 0),
    ("reset_at_a_time_that_is_past", [("x-ratelimit-reset", "1795489200")], None),
    ("reset_at_a_date", [("x-ratelimit-reset", "2026-11-24T04:00:30Z")], 30),
    ("reset_of_okta", [("x-rate-limit-reset", "1795492830"), ("x-rate-limit-remaining", "0")], 30),
    ("reset_of_discord", [("x-ratelimit-reset-after", "1.25"), ("x-ratelimit-reset", "1795492899"), ("x-ratelimit-remaining", "0")], 1.25),
    ("reset_of_discord_of_a_quota_that_is_not_spent", [("x-ratelimit-reset-after", "1.25"), ("x-ratelimit-remaining", "1")], None),
    ("longest_of_the_quotas_of_openai_that_are_spent", OPENAI, 90),
    ("longest_of_the_quotas_of_anthropic_that_are_spent", ANTHROPIC, 40),
    ("reset_of_a_quota_that_is_spent", [("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "0")], 30),
    ("reset_of_a_quota_that_is_not_spent", [("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "4999")], None),
    ("draft_reset", [("ratelimit-reset", "30")], 30),
    ("reset_of_gitlab", [("ratelimit-reset", "1795492830"), ("ratelimit-remaining", "0")], 30),
    ("reset_of_gitlab_as_a_date", [("ratelimit-resettime", "Tue, 24 Nov 2026 04:00:30 GMT")], 30),
    ("draft_reset_of_a_quota_that_is_not_spent", [("ratelimit-reset", "30"), ("ratelimit-remaining", "1")], None),
    ("draft_quota", [("ratelimit", '"default";r=0;t=30')], 30),
    ("draft_7_quota", [("ratelimit", "limit=10, remaining=0, reset=30")], 30),
    ("draft_7_quota_that_is_not_spent", [("ratelimit", "limit=10, remaining=3, reset=30")], None),
    ("draft_quotas_in_several_lines", [("ratelimit", '"a";r=0;t=5'), ("ratelimit", '"b";r=0;t=9')], 9),
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
