"""The `reason` that rebackoff adds to the details of a give-up: checked, then taken out."""

ID = "reason"
REASONS = ("max_tries", "max_time", "giveup", "exhausted")


def given(trace):
    return any(event[0] == "details" and "reason" in event[2] for event in trace)


def take_out(trace):
    complaint = ""
    for event in trace:
        if event[0] == "details":
            reason = event[2].pop("reason", None)
            if ("on_giveup" in event[1]) != (reason is not None):
                complaint = f"`reason` is {reason} in {event}"
            elif reason and reason.strip("'") not in REASONS:
                complaint = f"unknown reason {reason}"
    return trace, complaint
