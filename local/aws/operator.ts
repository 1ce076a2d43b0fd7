// The operator of the emulated hub: account, stage, and a key that is valid only for the emulators.

export const hubAccount = '999999999999';
/** The stage in the names of the emulated functions and their roles. */
export const localStage = 'local';

export const operatorArn = `arn:aws:iam::${hubAccount}:user/operator`;
export const operatorKeys = {
  accessKeyId: 'AKIALATCHKEYOPERATOR',
  secretAccessKey: 'latchkey-local-operator-opens-nothing000',
} as const;
