"""The catalogue in OpenMetadata: plan what to write, write exactly that, and bring people's decisions back."""
