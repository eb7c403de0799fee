"""The box's body: sticks, button, light, supply, temperature, clock, link, health. It has no network of its own."""
