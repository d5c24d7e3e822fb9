"""A website's listings and item pages become JSON lines in a bucket."""
