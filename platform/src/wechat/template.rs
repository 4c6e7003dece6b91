pub fn parameter_error(_key: &str, _value: &str) -> Option<String> {
    None
}
