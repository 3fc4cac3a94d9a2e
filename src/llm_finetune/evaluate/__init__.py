"""The evaluate floor: is the tuned model better than its base, on the same prompts?"""
