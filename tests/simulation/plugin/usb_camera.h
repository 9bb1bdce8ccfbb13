/* The USB cameras that are plugged in: told by the environment, and what happens to each by the control file. */

#pragma once

#include <gst/gst.h>

typedef enum
{ USB_WORKS, USB_MISSING, USB_BUSY, USB_DENIED, USB_STALL } UsbState;

/* What a device offers, as v4l2src finds it: fixed formats and sizes with lists of rates. NULL: nothing is plugged in
 * there. EDGE_SIMULATED_USB names the cameras, with semicolons between them, each as its device and its forms:
 * "/dev/video0 YUY2:640x480@30,15 JPEG:1280x720@30;/dev/video2 …". */
GstCaps *usb_camera_forms (const gchar * device);

/* By the control file: "usb:/dev/video0 missing", "busy", "denied" or "stall". */
UsbState usb_camera_state (const gchar * device);

/* Which of the cameras it is, from 0 on: an odd one sees the other sensor's picture. */
gint usb_camera_number (const gchar * device);
