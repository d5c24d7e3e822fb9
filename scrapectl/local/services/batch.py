"""What AWS does with batch that moto does not."""
