"""One file for each library; each has a function for every row that the library can do."""
