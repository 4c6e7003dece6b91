mod merge;
mod purchase;
mod rules;
mod till;
