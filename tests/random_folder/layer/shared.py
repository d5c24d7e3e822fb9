"""What functions of random specs share."""

NAME = "shared"
