/// Ends the program because it used the library wrongly, for example with shapes that do not fit.
///
/// Unlike `preconditionFailure` this prints its message in optimized builds too: libtorch's reason is needed there.
func stop(_ message: String) -> Never { fatalError(message) }
