"""What AWS does with tagging that moto does not."""
