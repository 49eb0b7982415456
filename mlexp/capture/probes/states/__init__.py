"""Global state: what each kind is, and how it is looked at. A look takes no copy of user data and runs no user code."""
