"""What AWS does with scheduler that moto does not."""
