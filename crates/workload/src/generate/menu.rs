//! Restaurants and what they cook.

use super::draw::{Draw, Skewed};

/// A restaurant with its menu.
#[derive(Debug)]
pub(super) struct Restaurant {
    pub(super) id: String,
    pub(super) currency: &'static str,
    pub(super) menu: Vec<Dish>,
    pub(super) favourites: Skewed,
}

/// A dish on a menu.
#[derive(Debug)]
pub(super) struct Dish {
    pub(super) name: String,
    pub(super) price_minor: u64,
}

/// A currency: its code, how many minor units a euro is worth, and the step in which menus price.
struct Currency {
    code: &'static str,
    minor_per_euro: u64,
    step_minor: u64,
    weight: u32,
}

const CURRENCIES: [Currency; 6] = [
    Currency { code: "EUR", minor_per_euro: 100, step_minor: 10, weight: 55 },
    Currency { code: "GBP", minor_per_euro: 86, step_minor: 5, weight: 15 },
    Currency { code: "USD", minor_per_euro: 109, step_minor: 5, weight: 12 },
    Currency { code: "CHF", minor_per_euro: 94, step_minor: 10, weight: 8 },
    Currency { code: "SEK", minor_per_euro: 1130, step_minor: 100, weight: 6 },
    // No decimals: the minor unit is the yen itself.
    Currency { code: "JPY", minor_per_euro: 164, step_minor: 10, weight: 4 },
];

/// A kitchen's dishes with what they cost in euro cents, starters to desserts.
type Kitchen = &'static [(&'static str, u64)];

const KITCHENS: [Kitchen; 6] = [
    &[
        ("Margherita", 850),
        ("Diavola", 1090),
        ("Quattro formaggi", 1150),
        ("Prosciutto e funghi", 1120),
        ("Calzone", 1180),
        ("Bruschetta", 590),
        ("Lasagne al forno", 1190),
        ("Spaghetti alla carbonara", 1150),
        ("Insalata caprese", 820),
        ("Tiramisù", 550),
        ("Acqua minerale 0,5 l", 250),
    ],
    &[
        ("Phở bò", 1290),
        ("Bún chả", 1250),
        ("Bánh mì", 790),
        ("Gỏi cuốn (2)", 590),
        ("Cà ri gà", 1190),
        ("Bún bò Huế", 1350),
        ("Nem rán (4)", 650),
        ("Cà phê sữa đá", 420),
        ("Trà đá", 250),
    ],
    &[
        ("Butter chicken", 1390),
        ("Palak paneer", 1190),
        ("Chana masala", 1050),
        ("Lamb biryani", 1490),
        ("Garlic naan", 320),
        ("Samosas (2)", 480),
        ("Dal makhani", 1080),
        ("Basmati rice", 300),
        ("Mango lassi", 390),
        ("Gulab jamun", 450),
    ],
    &[
        ("Cheeseburger", 950),
        ("Double smash burger", 1290),
        ("Veggie burger", 1050),
        ("French fries", 380),
        ("Sweet potato fries", 450),
        ("Onion rings", 420),
        ("Chicken wings (8)", 890),
        ("Coleslaw", 290),
        ("Milkshake", 520),
        ("Cola 0.33 l", 270),
    ],
    &[
        ("Salmon nigiri (2)", 520),
        ("Tuna maki (6)", 590),
        ("California roll (8)", 990),
        ("Chirashi", 1690),
        ("Miso soup", 350),
        ("Edamame", 450),
        ("Gyoza (5)", 680),
        ("Tonkotsu ramen", 1390),
        ("Wakame salad", 520),
        ("Mochi (2)", 480),
        ("Green tea", 290),
    ],
    &[
        ("Falafel wrap", 720),
        ("Döner Kebap", 790),
        ("Mezze for two", 1990),
        ("Hummus with pita", 580),
        ("Lahmacun", 690),
        ("Adana Kebap", 1350),
        ("Tabbouleh", 560),
        ("Fattoush", 720),
        ("Baklava (3)", 490),
        ("Ayran", 220),
    ],
];

/// The restaurants of this seed, the busiest first.
pub(super) fn restaurants(seed: u64, count: u32) -> Vec<Restaurant> {
    // Streams from the far end, so that no restaurant shares one with an order.
    (0..count).map(|k| restaurant(k, &mut Draw::new(seed, u64::MAX - u64::from(k)))).collect()
}

fn restaurant(k: u32, draw: &mut Draw) -> Restaurant {
    let currency = &CURRENCIES[draw.weighted(&CURRENCIES.map(|currency| currency.weight))];
    let kitchen = KITCHENS[draw.below(KITCHENS.len() as u32) as usize];
    // Where to start on the list decides what this restaurant's favourites are.
    let start = draw.below(kitchen.len() as u32) as usize;
    // From four fifths to six fifths of the usual price.
    let level = 80 + u64::from(draw.below(41));
    let dish = |(name, cents): &(&str, u64)| {
        let exact = cents * level * currency.minor_per_euro / 10_000;
        Dish {
            name: (*name).to_owned(),
            price_minor: exact.div_ceil(currency.step_minor) * currency.step_minor,
        }
    };
    Restaurant {
        id: format!("r-{k:03}"),
        currency: currency.code,
        menu: kitchen[start..].iter().chain(&kitchen[..start]).map(dish).collect(),
        favourites: Skewed::new(kitchen.len() as u32, 1),
    }
}
