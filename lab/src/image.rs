//! The image: a Debian system, built once from a recipe and kept outside the checkout.
