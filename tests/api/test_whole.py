"""Whether the tests of the actions together ask for everything that there is: its name makes it run behind them."""

import sys
import unittest

from harness import GIVEN, TAKEN, shared

OTHERS = ("test_machines", "test_runs", "test_tasks", "test_states")


class Whole(unittest.TestCase):
    @unittest.skipUnless(all(name in sys.modules for name in OTHERS), "only a part of the tests is run")
    def test_every_member_of_every_action_was_given(self):
        model = shared().client().meta.service_model
        shapes = {name: model.operation_model(name) for name in model.operation_names}
        members = {(name, member) for name, shape in shapes.items() for member in shape.input_shape.members}
        answers = {
            (name, member)
            for name, shape in shapes.items()
            for member in (shape.output_shape.members if shape.output_shape else ())
        }
        given = members & GIVEN
        print(f"\ninput members given with success: {len(given)} of {len(members)}")
        print(f"output members seen: {len(answers & TAKEN)} of {len(answers)}; not: {listed(answers - TAKEN)}")
        self.assertEqual(listed(members - GIVEN), "")


def listed(members):
    return ", ".join(sorted(f"{name}.{member}" for name, member in members))


if __name__ == "__main__":
    unittest.main()
