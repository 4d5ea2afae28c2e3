// Makes no call.
