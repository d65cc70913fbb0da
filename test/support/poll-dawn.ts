/** Before every file that may open a GPU in Node. */
import { pollDawnPatiently } from "../../src/testing/poll-dawn.ts";

pollDawnPatiently();
