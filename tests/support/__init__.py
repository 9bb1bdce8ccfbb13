"""What the tests share: real servers, a subscriber, other interpreters."""
