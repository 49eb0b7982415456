"""One library to a module, loaded when an object of that library turns up. See `fingerprint.walk.Codec`."""
