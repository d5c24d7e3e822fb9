"""What AWS does with sqs that moto does not."""
