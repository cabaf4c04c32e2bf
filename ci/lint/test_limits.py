import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from limits import main


class Limits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.program = Path(folder.name) / "style.py"
        self.file = self.program.with_suffix(".limits")
        self.file.write_text("# a head\n2 a.rs questions\n1 b.rs questions\n")

    def run_check(self, places, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            status = main(self.program, places, list(arguments))
        return status, errors.getvalue()

    def test_counts_at_their_limits_pass(self):
        places = {"a.rs questions": ["1", "2"], "b.rs questions": ["1"]}
        self.assertEqual(self.run_check(places), (0, ""))

    def test_a_count_above_its_limit_fails_and_shows_each_place(self):
        status, errors = self.run_check(
            {"a.rs questions": ["a.rs:1", "a.rs:2", "a.rs:3"], "b.rs questions": ["b.rs:4"]}
        )
        self.assertEqual(
            (status, errors), (1, "a.rs questions: 3, but the limit is 2\na.rs:1\na.rs:2\na.rs:3\n")
        )

    def test_a_new_file_has_the_limit_0(self):
        status, errors = self.run_check(
            {"a.rs questions": ["", ""], "b.rs questions": [""], "c.rs questions": ["c.rs:1"]}
        )
        self.assertEqual((status, errors), (1, "c.rs questions: 1, but the limit is 0\nc.rs:1\n"))

    def test_a_count_below_its_limit_fails_and_says_how_to_lower_the_limit(self):
        status, errors = self.run_check({"a.rs questions": [""], "b.rs questions": [""]})
        wanted = (
            "a.rs questions: 1, so the limit 2 can fall; run `python3 ci/lint/style.py --update`\n"
        )
        self.assertEqual((status, errors), (1, wanted))

    def test_a_file_that_is_gone_leaves_a_limit_to_lower(self):
        status, errors = self.run_check({"a.rs questions": ["", ""]})
        self.assertEqual(status, 1)
        self.assertIn("b.rs questions: 0, so the limit 1 can fall", errors)

    def test_update_lowers_limits_and_drops_those_that_are_0(self):
        self.assertEqual(self.run_check({"a.rs questions": [""]}, "--update"), (0, ""))
        self.assertEqual(self.file.read_text(), "# a head\n1 a.rs questions\n")

    def test_update_raises_no_limit_and_adds_none(self):
        places = {"a.rs questions": ["", "", ""], "c.rs questions": [""]}
        status, errors = self.run_check(places, "--update")
        self.assertEqual((status, self.file.read_text()), (1, "# a head\n2 a.rs questions\n"))
        self.assertIn("a.rs questions: 3, but the limit is 2", errors)
        self.assertIn("c.rs questions: 1, but the limit is 0", errors)

    def test_another_argument_is_refused(self):
        status, errors = self.run_check({}, "--raise")
        self.assertEqual(
            (status, errors),
            (2, "python3 ci/lint/style.py: takes nothing but --update, not --raise\n"),
        )

    def test_without_a_file_each_limit_is_0(self):
        self.file.unlink()
        self.assertEqual(self.run_check({}), (0, ""))
        self.assertEqual(self.run_check({"a.rs questions": ["a.rs:1"]})[0], 1)
