"""Speed and size, measured side by side with others; never part of the tests."""
