"""What AWS does with iam that moto does not."""
