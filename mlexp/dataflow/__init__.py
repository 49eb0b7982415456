"""What a cell's text says of names: read, bound, and how. Pure: texts in, values out."""
