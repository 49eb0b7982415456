"""Records and comparisons as text and as static HTML. Pure: values in, text out; every text is escaped."""
