import unittest

from names import names, places

SNAPSHOTS = {
    "shop": """\
pub mod shop
pub use shop::<<shop_core::*>>
pub use shop::Basket
pub mod shop::tills
pub struct shop::tills::Till
pub const fn shop::tills::Till::new() -> Self
pub macro shop::sell!
pub proc macro shop::#[sold]
#[non_exhaustive] pub enum shop::Kind<T: core::fmt::Debug>
pub shop::Kind::Fruit
pub fn shop::Kind<T>::of<F, R>(F) -> shop::Kind<T> where F: core::ops::function::Fn(u8) -> R
impl<T> core::clone::Clone for shop::Kind<T>
pub fn shop::Kind<T>::clone(&self) -> shop::Kind<T>
pub async unsafe fn shop::pay<F, R>(F) -> R where F: core::ops::function::Fn(u8) -> R
pub type shop::Price = shop_core::Money
""",
    "shop_core": "pub mod shop_core\npub struct shop_core::Money\npub fn shop_core::Money::cents(&self) -> u64\n",
}


class Names(unittest.TestCase):
    def test_each_name_at_the_root_counts_once_and_those_below_do_not(self):
        self.assertEqual(
            names("shop", SNAPSHOTS.get),
            {"Basket", "tills", "sell", "sold", "Kind", "pay", "Price", "Money"},
        )

    def test_up_to_60_names_are_within_the_limit(self):
        self.assertEqual([*places(map(str, range(60))).values()], [[]])

    def test_names_beyond_60_count(self):
        self.assertEqual([*places(map(chr, range(300, 362))).values()], [[chr(360), chr(361)]])
