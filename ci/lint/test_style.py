import unittest

from style import places


def counts(name, text):
    return {kind: len(lines) for kind, lines in places([(name, text)]).items()}


class Style(unittest.TestCase):
    def test_a_doc_comment_that_begins_with_a_question_word_counts(self):
        for start in (
            "What",
            "How",
            "When",
            "Who",
            "Which",
            "Where",
            "Why",
            "Whether",
            "The same",
            "what",
            "**What**",
        ):
            for comment in ("///", "//!", "    ///"):
                with self.subTest(start=start, comment=comment):
                    self.assertEqual(
                        counts("a.rs", f"{comment} {start} waits."), {"a.rs questions": 1}
                    )

    def test_a_doc_comment_that_begins_with_a_noun_or_a_verb_does_not_count(self):
        for start in (
            "Returns whether",
            "The time",
            "Whatever",
            "The samesake",
            "Whose",
            "However",
        ):
            with self.subTest(start=start):
                self.assertEqual(counts("a.rs", f"/// {start} is left."), {})

    def test_only_the_first_line_of_a_doc_comment_is_its_summary(self):
        self.assertEqual(counts("a.rs", "/// Retries.\n///\n/// What fails is retried."), {})
        self.assertEqual(counts("a.rs", "///\n/// What fails."), {"a.rs questions": 1})

    def test_each_doc_comment_of_a_file_has_a_summary(self):
        text = "//! What.\n\n/// How.\nfn a() {}\n/// When.\n#[inline]\nfn b() {}\n"
        self.assertEqual(counts("a.rs", text), {"a.rs questions": 3})
        self.assertEqual(counts("a.rs", "//! What.\n/// How.\nfn a() {}"), {"a.rs questions": 2})

    def test_a_plain_comment_has_no_summary(self):
        self.assertEqual(counts("a.rs", "// What fails.\n//// What fails.\nlet a = 1; // How"), {})

    def test_docstrings_of_modules_classes_functions_and_attributes_count(self):
        text = '"""What."""\nclass A:\n    """\n    How.\n    """\n    b: int\n    "When."\n    async def c(self):\n        "Why."'
        for name in ("a.py", "a.pyi"):
            self.assertEqual(counts(name, text), {f"{name} questions": 4})

    def test_a_string_that_is_a_value_is_no_docstring(self):
        self.assertEqual(
            counts("a.py", 'a = "What"\nprint("How")\n"""Prints.\n\nWhat it prints."""'), {}
        )

    def test_headings_of_a_text_are_no_summaries(self):
        self.assertEqual(counts("a.md", "# What lint checks"), {})

    def test_lines_without_an_actor_count_wherever_they_stand(self):
        line = "// Nobody asks, and somebody or whoever waits.\nfn tells_nobody() {}\nfn a() {}"
        for name in ("a.rs", "a.md", "scripts/a"):
            self.assertEqual(counts(name, line), {f"{name} non-actors": 2})
        self.assertEqual(
            counts("a.py", "tells_nobody = 'whoever'\nb = 1  # SOMEBODY's"), {"a.py non-actors": 2}
        )

    def test_a_quoted_word_and_a_longer_word_do_not_count(self):
        self.assertEqual(counts("a.md", "Never `nobody`, nobodys, or busybody."), {})

    def test_an_offence_says_where_it_is(self):
        found = places([("a.rs", "\n\n/// What waits."), ("b.md", "\nnobody waits ")])
        self.assertEqual(
            found,
            {
                "a.rs questions": ["a.rs:3: What waits."],
                "b.md non-actors": ["b.md:2: nobody waits"],
            },
        )
        self.assertEqual(
            places([("a.py", '\n"""\n\n What waits.\n"""')]),
            {"a.py questions": ["a.py:4: What waits."]},
        )
