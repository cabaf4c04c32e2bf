import tempfile
import unittest
from pathlib import Path

from circles import Crate, imports_of_package, places


class Circles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def written(self, files):
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def of_crate(self, **files):
        """The imports in a circle of a crate, whose files are `a`, `b__c` for `b/c.rs`, …"""
        self.written({f"{name.replace('__', '/')}.rs": text for name, text in files.items()})
        found = places(Crate(self.root).imports(), self.root)
        return {name.replace(".rs", "") for name in found}

    def of_package(self, **files):
        self.written({f"p/{name.replace('___', '/')}.py": text for name, text in files.items()})
        found = places(imports_of_package(self.root / "p"), self.root)
        return {name.replace(".py", "") for name in found}

    def test_two_files_that_import_each_other_are_a_circle(self):
        wanted = {"a -> b", "b -> a"}
        for use in (
            "use crate::a::A;",
            "use super::a::{A, B as C};",
            "fn f(_: crate::a::A) {}",
            "use crate::{a::{self}};",
        ):
            with self.subTest(use=use):
                self.assertEqual(
                    self.of_crate(lib="mod a; mod b;", a="use crate::b::B; pub struct A;", b=use),
                    wanted,
                )

    def test_a_circle_of_three_has_each_of_its_imports_and_no_other(self):
        found = self.of_crate(
            a="use crate::b::B;", b="use crate::c::C;", c="use crate::a::A; use crate::d::D;", d=""
        )
        self.assertEqual(found, {"a -> b", "b -> c", "c -> a"})

    def test_imports_that_run_one_way_are_no_circle(self):
        self.assertEqual(
            self.of_crate(
                a="use crate::b::B; use crate::c::C;", b="use crate::c::C;", c="use std::fmt;"
            ),
            set(),
        )

    def test_a_path_leads_through_re_exports_to_the_file_that_defines_its_item(self):
        wanted = {"a -> b", "b -> a"}
        for lib in (
            "pub use a::A; pub use b::B;",
            "pub(crate) use {a::A, b::{C as B}};",
            "pub use a::*; pub use self::b::*;",
        ):
            with self.subTest(lib=lib):
                found = self.of_crate(
                    lib=lib,
                    a="use crate::B; pub struct A;",
                    b="use crate::A; pub enum B {} enum C {}",
                )
                self.assertEqual(found, wanted)

    def test_re_exports_that_lead_nowhere_end(self):
        self.assertEqual(
            self.of_crate(
                lib="pub use self::a::*; pub use crate::B;", a="pub use super::*; use crate::B;"
            ),
            set(),
        )

    def test_a_parent_that_only_re_exports_is_in_no_circle_with_its_children(self):
        found = self.of_crate(
            lib="mod a;",
            a__mod="mod b; pub use b::B; use b::C;",
            a__b="use super::B; use super::*;",
        )
        self.assertEqual(found, set())

    def test_a_parent_that_defines_an_item_is_in_a_circle_with_those_that_it_names_by_a_full_path(
        self,
    ):
        files = {"a__b": "use super::A; pub struct B;", "c": "use crate::a::b::B; pub struct C;"}
        self.assertEqual(
            self.of_crate(a__mod="mod b; use crate::c::C; pub struct A;", **files),
            {"a/mod -> c", "c -> a/b", "a/b -> a/mod"},
        )

    def test_comments_strings_tests_and_other_crates_import_nothing(self):
        texts = (
            "// use crate::a::A;",
            "/* use crate::a::A; */",
            'const B: &str = "use crate::a::A;";',
            'const B: &str = r#""use crate::a::A;"#;',
            "#[cfg(test)]\nmod tests { use crate::a::A; }",
            "use a::A;",
        )
        for text in texts:
            with self.subTest(text=text):
                self.assertEqual(self.of_crate(a="use crate::b::B; pub struct A;", b=text), set())

    def test_a_string_or_a_lifetime_hides_no_import_after_it(self):
        for text in (
            """const C: char = '"';""",
            """fn f<'a>(_: &'a str) {}""",
            r"""const S: &str = "\"";""",
            "// it's",
        ):
            with self.subTest(text=text):
                found = self.of_crate(a="use crate::b::B;", b=f"{text}\nuse crate::a::A;")
                self.assertEqual(found, {"a -> b", "b -> a"})

    def test_each_import_says_where_it_is(self):
        self.written(
            {
                "a.rs": "/* one\ntwo */\nuse crate::{\n    b::B,\n};",
                "b.rs": "\n\nfn f() { crate::a::f() }",
            }
        )
        self.assertEqual(
            places(Crate(self.root).imports(), self.root),
            {"a.rs -> b.rs": ["a.rs:3 imports b.rs"], "b.rs -> a.rs": ["b.rs:3 imports a.rs"]},
        )

    def test_python_modules_that_import_each_other_are_a_circle(self):
        wanted = {"p/a -> p/b", "p/b -> p/a"}
        imports = (
            "from . import a",
            "from .a import A",
            "import p.a",
            "from p.a import A",
            "def f():\n    from p import a",
        )
        for text in imports:
            with self.subTest(text=text):
                self.assertEqual(self.of_package(__init__="", a="from .b import B", b=text), wanted)

    def test_python_imports_for_type_checkers_count_for_nothing(self):
        for condition in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            text = f"if {condition}:\n    from .a import A\nelse:\n    A = None"
            with self.subTest(condition=condition):
                self.assertEqual(self.of_package(__init__="", a="from .b import B", b=text), set())

    def test_python_imports_that_type_checkers_skip_count(self):
        for text in (
            "if not TYPE_CHECKING:\n    import p.a",
            "if TYPE_CHECKING:\n    A = None\nelse:\n    import p.a",
        ):
            with self.subTest(text=text):
                found = self.of_package(__init__="", a="from .b import B", b=text)
                self.assertEqual(found, {"p/a -> p/b", "p/b -> p/a"})

    def test_a_python_package_that_re_exports_its_modules_is_in_no_circle_with_them(self):
        self.assertEqual(
            self.of_package(__init__="from .a import A", a="from . import A\nimport p"), set()
        )

    def test_python_modules_of_subpackages_are_seen(self):
        found = self.of_package(
            __init__="", q___a="from ..b import B", q___a2="", b="from .q.a import A"
        )
        self.assertEqual(found, {"p/q/a -> p/b", "p/b -> p/q/a"})
