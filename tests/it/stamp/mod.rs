mod purchase;
mod rules;
mod till;
